import type { ServerOptions } from './server.ts'

/** Settings that a first start stores, or that decide where it stores. */
const firstStartFlags =
  /^--(?:compatibility|config|data-dir|database|encryption|http|listen|master-key|old-master-key|public-host|registry|renew-ca|storage|suffix|tls|workers)/

const firstStartVariables = /^ACRUX_/

/**
 * The prepared data directory of the run, from which a server with these options may start: `ACRUX_TEST_PREPARED`, which `npm test`
 * sets. Undefined if the options ask for a first start.
 */
export function preparedFor(options: ServerOptions): string | undefined {
  const { dataDir, dev = true, firstStart, http, program, publicHost, registry, under, args = [], env = {} } = options
  const isOwn = [dataDir, firstStart, http, program, publicHost, registry, under].some((each) => each !== undefined)
  const isOther =
    !dev ||
    args.some((arg) => firstStartFlags.test(arg)) ||
    Object.keys(env).some((name) => firstStartVariables.test(name)) ||
    process.env['ACRUX_TEST_SERVERS'] === 'postgres'
  return isOwn || isOther ? undefined : process.env['ACRUX_TEST_PREPARED']
}
