import { loadConfiguration } from '@acrux/server'
import type { Command } from 'commander'

/** The options that select a data directory, as in `acrux serve`. */
export type DataDirFlags = { readonly dataDir?: string; readonly config?: string }

/** Adds the options that select the data directory of a server. */
export function withDataDir(command: Command, description = 'the data directory of the server'): Command {
  return command
    .option('--data-dir <directory>', `${description}. Variable: ACRUX_DATA_DIR`)
    .option(
      '--config <file>',
      'the configuration file of the server, from which the data directory is read. Variable: ACRUX_CONFIG',
    )
}

/** Reads the configuration from the options, the environment and the configuration file. @throws StartupError */
export function configurationOf({ dataDir, config }: DataDirFlags): ReturnType<typeof loadConfiguration> {
  return loadConfiguration({ flags: { dataDir, config }, env: process.env })
}
