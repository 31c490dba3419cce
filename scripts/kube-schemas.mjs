/**
 * `node scripts/kube-schemas.mjs OUT SWAGGER CRD...`: writes a strict JSON Schema for each kind that the chart renders,
 * from the API server's own description and from custom resource definitions, named as kubeconform looks for them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const [out, swagger, ...crds] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const write = (kind, group, version, schema) => {
  const suffix = group ? `-${group.split('.')[0]}-${version}` : `-${version}`;
  writeFileSync(path.join(out, `${kind.toLowerCase()}${suffix}.json`), JSON.stringify(schema));
};

/** What is not described is a mistake of ours, though the API server would drop it silently. */
function strict(schema, definitions) {
  if (Array.isArray(schema)) return schema.map((one) => strict(one, definitions));
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema.$ref) return strict(definitions[schema.$ref.split('/').at(-1)], definitions);
  if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string'])
    return { type: ['string', 'integer'] };
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      isMapOfNames(key) ? each(value) : strict(value, definitions),
    ]),
  );
  const open = schema.additionalProperties || schema['x-kubernetes-preserve-unknown-fields'];
  return schema.properties && !open ? { ...inner, additionalProperties: false } : inner;

  function each(properties) {
    return Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, strict(value, definitions)]),
    );
  }
}

const isMapOfNames = (key) => key === 'properties';

const KINDS = ['ConfigMap', 'NetworkPolicy', 'Pod', 'PodDisruptionBudget', 'Service', 'StatefulSet'];
const { definitions } = JSON.parse(readFileSync(swagger, 'utf8'));
for (const schema of Object.values(definitions)) {
  for (const { kind, group, version } of schema['x-kubernetes-group-version-kind'] ?? [])
    if (KINDS.includes(kind)) write(kind, group, version, strict(schema, definitions));
}

for (const file of crds) {
  const { spec } = parse(readFileSync(file, 'utf8'));
  for (const { name, schema } of spec.versions) {
    const { openAPIV3Schema } = schema;
    // Every resource has metadata, which a definition leaves to the API server.
    openAPIV3Schema.properties.metadata = definitions['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'];
    write(spec.names.kind, spec.group, name, strict(openAPIV3Schema, definitions));
  }
}
