import { parse } from 'yaml';
import { read } from '../support/sources.ts';

/** What `deploy/` says of monitoring, as data. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

export interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const rules = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Alert[] }[] };
export const ALERTS: readonly Alert[] = rules.groups.flatMap((group) => group.rules);

export const RULE_TESTS = (
  parse(read('deploy/prometheus/alerts.test.yaml')) as {
    tests: { name: string; promql_expr_test: { expr: string; exp_samples: unknown[] }[] }[];
  }
).tests;

export const DASHBOARD = JSON.parse(read('deploy/grafana/dashboard.json')) as Dashboard;

/** Every expression of the dashboard with its variables filled in, as Grafana would ask. */
export const EXPRESSIONS: readonly { readonly panel: string; readonly expr: string }[] = [
  ...DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, expr: filledIn(expr) })),
  ),
  ...DASHBOARD.annotations.list.map(({ expr }) => ({ panel: 'annotations', expr: filledIn(expr) })),
];

function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replace(/\$(?:job|pipeline|instance)\b/g, '.*');
}

/** Names of metrics in a PromQL expression. */
export const metricsIn = (expr: string): string[] =>
  expr.replace(/"[^"]*"/g, '').match(/\b(?:maxsink|process|nodejs)_\w+/g) ?? [];
