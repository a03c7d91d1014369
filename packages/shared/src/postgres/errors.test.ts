import { classifyStoreError, type StoreErrorClass } from './errors';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('classifyStoreError', () => {
  it.each<[string, StoreErrorClass]>([
    ['40P01', 'retry-now'],
    ['40001', 'retry-now'],
    ['23505', 'retry-now'],
    ['23514', 'data'],
    ['22P02', 'data'],
    ['54000', 'data'],
    ['08006', 'unavailable'],
    ['57P01', 'unavailable'],
    ['57P03', 'unavailable'],
    ['53300', 'unavailable'],
    ['55P03', 'unavailable'],
    ['57014', 'unavailable'],
    ['ECONNREFUSED', 'unavailable'],
    ['ECONNRESET', 'unavailable'],
    ['42P01', 'bug'],
    ['42601', 'bug'],
  ])('takes %s as %s', (code, expected) => {
    expect(classifyStoreError(coded(code))).toBe(expected);
  });

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('knows a lost connection by its message: %s', (message) => {
    expect(classifyStoreError(new Error(message))).toBe('unavailable');
  });

  it('looks into the aggregate that node throws when every address of a host refuses', () => {
    expect(classifyStoreError(new AggregateError([coded('ECONNREFUSED')]))).toBe('unavailable');
  });

  it('takes anything else as a bug', () => {
    expect(classifyStoreError(new TypeError('x is undefined'))).toBe('bug');
    expect(classifyStoreError('text')).toBe('bug');
  });
});
