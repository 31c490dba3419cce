import type { Emulator } from '../emulator/server.ts';

interface Reached {
  readonly accessId: string;
  readonly accessKey: string;
  /** Where it listens. */
  readonly host: string;
  /** `host:port` for clients, where that is another address. */
  readonly address: string | undefined;
}

/** What a start prints. The first line is for scripts that wait, the rest for people. */
export function banner(emulator: Emulator, reached: Reached): string {
  const { endpoint, tunnelEndpoint, project, kept } = emulator;
  const own = reached.address === undefined ? tunnelEndpoint : `http://${reached.address}`;
  return [
    `emulator ready endpoint=${endpoint} tunnel=${tunnelEndpoint} project=${project}`,
    `rows are ${kept}`,
    ...page(own, emulator),
    ...clients(own, project, reached),
    `faults   curl -X POST ${own}/_control -d '{"route":"commit","action":"cut","when":"after","times":1}'`,
    `         curl -X DELETE ${own}/_control`,
    `stats    curl ${own}/_stats`,
  ].join('\n');
}

function page(own: string, { pageNeedsKey }: Emulator): string[] {
  const key = pageNeedsKey ? ' (asks for the access key: other machines can reach it)' : '';
  return [`page     ${own}/${key}`];
}

function clients(own: string, project: string, { accessId, accessKey }: Reached): string[] {
  const endpoint = `${own}/api`;
  return [
    `PyODPS   from odps import ODPS; o = ODPS('${accessId}', '${accessKey}', '${project}', endpoint='${endpoint}')`,
    'Java     import com.aliyun.odps.Odps; import com.aliyun.odps.account.AliyunAccount;',
    `         Odps odps = new Odps(new AliyunAccount("${accessId}", "${accessKey}"));`,
    `         odps.setEndpoint("${endpoint}"); odps.setDefaultProject("${project}");`,
    `odpscmd  project_name=${project}`,
    `         access_id=${accessId}`,
    `         access_key=${accessKey}`,
    `         end_point=${endpoint}`,
    `         tunnel_endpoint=${own}`,
    'maxsink  maxcompute:',
    `           endpoint: ${endpoint}`,
    `           project: ${project}`,
    `           credentials: {accessKeyId: ${accessId}, accessKeySecret: ${accessKey}}`,
  ];
}
