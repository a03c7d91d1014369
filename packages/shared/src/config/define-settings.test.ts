import { commonSettings, portSetting } from './common-settings';
import { defineSettings, parseSettings, SettingsError } from './define-settings';

const definition = defineSettings({
  KAFKA_BROKERS: commonSettings.KAFKA_BROKERS,
  DATABASE_URL: commonSettings.DATABASE_URL,
  STREAKS_INSECURE: commonSettings.STREAKS_INSECURE,
  PORT: portSetting(3001),
});
const url = 'postgres://streaks:hush@127.0.0.1:5432/streaks';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseSettings(definition, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseSettings', () => {
  it('reads typed values, takes defaults for absent and empty variables, and freezes the result', () => {
    const settings = parseSettings(definition, { DATABASE_URL: url, PORT: ' 8080 ', KAFKA_BROKERS: '' });
    expect(settings).toEqual({
      KAFKA_BROKERS: ['127.0.0.1:9092'],
      DATABASE_URL: url,
      STREAKS_INSECURE: false,
      PORT: 8080,
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('reports every fault at once, one line each', () => {
    const faults = faultsOf({ PORT: '99999', KAFKA_BROKERS: 'kafka', STREAKS_INSECURE: 'maybe' });
    expect(faults.map((fault) => fault.split(' ', 1)[0])).toEqual([
      'KAFKA_BROKERS',
      'DATABASE_URL',
      'STREAKS_INSECURE',
      'PORT',
    ]);
  });

  it.each(['1e3', '0x50', '12.5', '-1', 'NaN', '99999999999999999999'])('refuses %s as a port', (text) => {
    expect(faultsOf({ DATABASE_URL: url, PORT: text })).toHaveLength(1);
  });

  it('never prints a secret, not even one that is not valid', () => {
    const [fault] = faultsOf({ DATABASE_URL: 'mysql://streaks:hush@host/db' });
    expect(fault).toContain('DATABASE_URL');
    expect(fault).not.toContain('hush');
  });
});
