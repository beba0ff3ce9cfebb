import { clientVariables } from '../../framework/environment/client-variables.ts'

/** The variables of the commands for clients are not settings of the server, which rejects unknown ones. */
const ofClients = new Set(clientVariables.map(({ name }) => name).filter((name) => name !== 'ACRUX_LOG_LEVEL'))

/** The environment of this process without the variables of the commands for clients. */
export function serverEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfClients(name)))
}

function isOfClients(name: string): boolean {
  return name.startsWith('ACRUX_') && ofClients.has(name)
}
