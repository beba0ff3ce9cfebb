import { loadConfiguration } from '@acrux/server/configuration'
import type { FlagDescription } from '../../framework/command/command.ts'
import { clientVariables, scriptVariables } from '../../framework/environment/client-variables.ts'

/** The server rejects an unknown variable that begins with `ACRUX_`. These variables are not settings of the server. */
const ofClients = new Set(
  [...clientVariables.map(({ name }) => name), ...scriptVariables].filter((name) => name !== 'ACRUX_LOG_LEVEL'),
)

/** The environment of this process without the variables of the commands for clients. */
export function serverEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfClients(name)))
}

function isOfClients(name: string): boolean {
  return name.startsWith('ACRUX_') && ofClients.has(name)
}

/** The options that select a data directory, as in `acrux serve`. */
export type DataDirFlags = { readonly dataDir?: string; readonly config?: string }

/** Describes the options that select the data directory of a server. */
export function dataDirFlags(description = 'the data directory of the server'): readonly FlagDescription[] {
  return [
    { flags: '--data-dir <directory>', description: `${description}. Variable: ACRUX_DATA_DIR` },
    {
      flags: '--config <file>',
      description:
        'the configuration file of the server, from which the data directory is read. Variable: ACRUX_CONFIG',
    },
  ]
}

/** Reads the configuration from the options, the environment and the configuration file. @throws StartupError */
export function configurationOf({ dataDir, config }: DataDirFlags): ReturnType<typeof loadConfiguration> {
  return loadConfiguration({ flags: { dataDir, config }, env: serverEnvironment() })
}
