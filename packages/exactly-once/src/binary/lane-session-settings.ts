/**
 * Session settings for connections that run the same set-based statements all day long: plans that do not change with
 * statistics as tables grow, and that reach every row by its key in the order of the parameters, which is the order of locks.
 */
export const laneSessionSettings: Readonly<Record<string, string>> = Object.freeze({
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off', // for one row a key a bitmap costs twice the look-up
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  DateStyle: 'ISO, YMD',
});

/** The same for the `options` of a connection, so that they hold from its first statement on. */
export const laneConnectionOptions: string = Object.entries(laneSessionSettings)
  .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  .join(' ');
