import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'
import { firstRunText, readFirstRun, valueAt, valueNames } from './first-run.ts'

type Flags = DataDirFlags & { readonly value?: string; readonly json?: true }

/** `acrux owner first-run`. */
export const command = defineCommand<Flags>({
  about: `
Run this command on the machine of the server, as the user that runs the server. The server may be running.`,
  arguments: [
    { name: '[value]', description: 'the name of one value, such as servicePrincipal.password. Default: all values' },
  ],
  flags: [...dataDirFlags(), { flags: '--json', description: 'print all values as JSON' }],
  examples: [
    'acrux owner first-run --data-dir /var/lib/acrux',
    'acrux owner first-run servicePrincipal.appId',
    'acrux owner first-run owner.password | wl-copy',
    'acrux owner first-run --json',
  ],
  exitCodes: {
    0: 'success',
    2: 'wrong option or setting, or an unknown value',
    13: 'the file first-run.json does not exist or cannot be read',
  },
  run: async ({ value: name, json, ...place }, { print }) => {
    const { dataDir } = await configurationOf(place)
    const firstRun = await readFirstRun(dataDir)
    if (name === undefined) {
      print(json === true ? `${JSON.stringify(firstRun, undefined, 2)}\n` : firstRunText(firstRun))
      return
    }
    const value = valueAt(firstRun, name)
    if (value === undefined) {
      const known = `use one of ${valueNames(firstRun).join(', ')}`
      throw new StartupError(`there is no value ${name}`, exitCodes.configuration, known)
    }
    print(`${value}\n`)
  },
})
