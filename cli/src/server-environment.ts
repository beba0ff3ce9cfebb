/** The variables of the commands for clients. They are not settings of the server, which rejects unknown ones. */
const clientVariables = new Set(['ACRUX_CLIENT_ID', 'ACRUX_CLIENT_SECRET', 'ACRUX_CONFIG_DIR', 'ACRUX_SECRET_STORE'])

/** The environment of this process without the variables of the commands for clients. */
export function serverEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !clientVariables.has(name)))
}
