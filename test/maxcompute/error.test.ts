import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { failureError, failureOf, readFailure, statementFailure } from '../../src/maxcompute/error.ts';

const failure = (status: number, text: string, headers: Record<string, string> = {}) =>
  readFailure({ status, text, headers });
const json = (code: string, message = 'text') => JSON.stringify({ Code: code, Message: message });

describe('the reaction to an answer', () => {
  it.each([
    ['FlowExceeded', 429, 'throttle', 'maxcompute_over_quota'],
    ['SlotExceeded', 400, 'throttle', 'maxcompute_over_quota'],
    ['InternalServerError', 500, 'retry', 'maxcompute_transient'],
    ['MetaTransactionFailed', 400, 'retry', 'maxcompute_transient'],
    ['MalformedDataStream', 400, 'resend', 'maxcompute_refused'],
    ['CorruptedDataStream', 400, 'stop', 'maxcompute_refused'],
    ['NoSuchUpload', 404, 'session_lost', 'session_lost'],
    ['SchemaModified', 412, 'session_lost', 'session_lost'],
    ['StatusConflict', 409, 'status', 'session_lost'],
    ['InvalidResourceSpec', 400, 'stop', 'maxcompute_refused'],
    ['NoSuchPartition', 404, 'table_partition', 'session_lost'],
    ['NoSuchObject', 404, 'stop', 'table_missing'],
    ['NoSuchProject', 404, 'stop', 'project_missing'],
    ['NoPermission', 403, 'stop', 'maxcompute_denied'],
    ['InvalidAccessKeyId', 401, 'stop', 'maxcompute_auth'],
    ['RequestTimeTooSkewd', 403, 'clock', 'maxcompute_auth'],
    ['AuthenticationRequestExpired', 400, 'credentials', 'maxcompute_auth'],
    ['NotImplemented', 501, 'stop', 'maxcompute_refused'],
  ])('to %s with HTTP %i is %s', (code, status, action, error) => {
    expect(failure(status, json(code)).reaction).toMatchObject({ action, error });
  });

  it.each([
    [302, 'stop', 'maxcompute_refused'],
    [308, 'retry', 'maxcompute_transient'],
    [401, 'stop', 'maxcompute_auth'],
    [403, 'stop', 'maxcompute_denied'],
    [404, 'stop', 'maxcompute_refused'],
    [408, 'retry', 'maxcompute_transient'],
    [412, 'session_lost', 'session_lost'],
    [429, 'throttle', 'maxcompute_over_quota'],
    [500, 'retry', 'maxcompute_transient'],
    [504, 'retry', 'maxcompute_transient'],
  ])('falls back to the status %i for a code it does not know', (status, action, error) => {
    expect(failure(status, json('BrandNewCode')).reaction).toMatchObject({ action, error });
    expect(failure(status, '').reaction).toMatchObject({ action, error });
  });

  it('takes the ODPS number of the text before the status', () => {
    const denied = failure(400, json('Unheard', 'ODPS-0420095: Access Denied - no privilege'));
    expect(denied.reaction.error).toBe('maxcompute_denied');
  });

  it('tells a missing project from a missing table by the text, where they share a code', () => {
    const missing = (text: string) => failure(404, json('NoSuchObject', text)).reaction.error;
    expect(missing('ODPS-0420095: Project not found - nowhere')).toBe('project_missing');
    expect(missing('ODPS-0130131:Table not found - table project.t cannot be resolved')).toBe(
      'table_missing',
    );
  });

  it('knows the skew error by its text, whatever its code', () => {
    const skew = json('InvalidParameter', 'ODPS-0410061: expired, max_interval_date:900000,now_date:2026');
    expect(failure(400, skew).reaction.action).toBe('clock');
  });

  it.each([
    ['ODPS-0130131:[1,12] Table not found - table p.t', 'table_missing'],
    ['ODPS-0130013:Authorization exception', 'maxcompute_denied'],
    ['ODPS-0110141: Data version exception', 'maxcompute_transient'],
    ['ODPS-0130161:[1,1] Parse exception', 'maxcompute_refused'],
    [
      '<Error><Code>ODPS-0010000</Code><Message>System internal error</Message></Error>',
      'maxcompute_transient',
    ],
    ['', 'maxcompute_refused'],
  ])('to the failed statement %j is %s', (text, error) => {
    expect(statementFailure(text).reaction.error).toBe(error);
  });
});

describe('the parser of error bodies', () => {
  const xml =
    '<?xml version="1.0"?>\n<Error>\n<Code>NoSuchObject</Code><Message><![CDATA[no <t>]]></Message><RequestId>R9</RequestId></Error>';

  it.each([
    [
      'JSON',
      '{"Code":"NoSuchUpload","Message":"no \\"x\\"","RequestId":"R1"}',
      'NoSuchUpload',
      'no "x"',
      'R1',
    ],
    ['XML', xml, 'NoSuchObject', 'no <t>', 'R9'],
    ['truncated JSON', '{"Code":"FlowExceeded","Message":"slow do', 'FlowExceeded', 'slow do', null],
    ['truncated XML', '<Error><Code>NoSuchTable</Code><Message>no t', 'NoSuchTable', null, null],
    ['HTML', '<html><style>b{}</style><h1>502  Bad\nGateway</h1></html>', 'HTTP502', '502 Bad Gateway', null],
    ['nothing', '', 'HTTP502', '', null],
    ['a JSON list', '[1]', 'HTTP502', '[1]', null],
    ['JSON null', 'null', 'HTTP502', 'null', null],
  ])('reads %s', (_, text, code, message, requestId) => {
    const parsed = failure(502, text);
    expect(parsed).toMatchObject({ code, requestId, ...(message === null ? {} : { message }) });
  });

  it('prefers the request id of the header and reads how long to hold', () => {
    const body = '{"Code":"FlowExceeded","RequestId":"B","HoldClientMillis":"1500"}';
    expect(failure(429, body, { 'x-odps-request-id': 'H' })).toMatchObject({ requestId: 'H', holdMs: 1500 });
    expect(failure(409, '', { 'retry-after': '3' }).holdMs).toBe(3000);
    expect(failure(409, '', { 'retry-after': 'soon' }).holdMs).toBe(0);
    expect(failure(503, '', { 'retry-after': '86400' }).holdMs).toBe(LIMITS.retryAfterMaxMs);
    const dates = { date: 'Fri, 20 Nov 2026 08:00:00 GMT', 'retry-after': 'Fri, 20 Nov 2026 08:00:07 GMT' };
    expect(failure(503, '', dates).holdMs).toBe(7000);
    expect(failure(429, '{"HoldClientMillis":99999}').holdMs).toBe(LIMITS.holdMaxMs);
  });

  it('survives any body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 300, max: 599 }), (text, status) => {
        const { code, reaction } = failure(status, text);
        expect(code).not.toBe('');
        expect(reaction).toBeDefined();
      }),
    );
  });
});

describe('the error of a failure', () => {
  it('names call, code, status, text and request id, and cuts the text', () => {
    const error = failureError(
      'put a block (demo.t)',
      failure(500, json('InternalServerError', 'x'.repeat(90))),
      10,
    );
    expect(error.code).toBe('maxcompute_transient');
    expect(error.message).toBe(
      'put a block (demo.t): the service failed for the moment: InternalServerError (HTTP 500) "xxxxxxxxxx…" [no request id]',
    );
    expect(failureOf(error)?.code).toBe('InternalServerError');
    expect(failureOf(new Error('other'))).toBeNull();
  });

  it('shows no control characters of an answer', () => {
    const error = failureError('read the table', failure(500, '\u001b[2Jbinary\u0000\u0007answer'), 100);
    expect(error.message).toContain('" [2Jbinary answer"');
  });
});
