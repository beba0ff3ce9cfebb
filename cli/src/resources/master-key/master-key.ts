import { parseMasterKeySource, removeOldMasterKeys, rotateMasterKey } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'

type RotateFlags = DataDirFlags & { readonly to?: string }

/** `acrux master-key rotate`. */
export const rotate = defineCommand<RotateFlags>({
  about: `
The command encrypts the data key, which encrypts the secrets in the database, with a new master key. Running servers
continue to run. Without --to, the command replaces the key in the master key file, and the old key becomes invalid
immediately. With --to, both master keys remain valid until you run acrux master-key remove-old. Before you run acrux
master-key remove-old, change the setting masterKey of every server, and restart the servers one after the other.`,
  flags: [
    ...dataDirFlags(),
    { flags: '--to <source>', description: 'the new master key: file:PATH, env:VARIABLE or exec:COMMAND' },
  ],
  examples: [
    'acrux master-key rotate --data-dir /var/lib/acrux',
    'acrux master-key rotate --config /etc/acrux/acrux.yaml --to file:/etc/acrux/new.key',
  ],
  exitCodes: {
    0: 'success',
    2: 'wrong option or setting',
    12: 'the running server cannot be reached',
    13: 'the data directory cannot be used',
    14: 'a master key cannot be read, or does not belong to the database',
    18: 'the PostgreSQL server cannot be reached, or cannot be used',
  },
  run: async ({ to, ...place }, { print }) => {
    const source = to === undefined ? undefined : parseMasterKeySource(to)
    if (to !== undefined && source === undefined) {
      throw new WrongUsageError('--to must be file:PATH, env:VARIABLE or exec:COMMAND')
    }
    await rotateMasterKey(await configurationOf(place), source)
    print(
      source === undefined
        ? 'The file contains the new master key.\n'
        : 'The new master key can be used. Set masterKey of every server to the new master key, then run acrux master-key remove-old.\n',
    )
  },
})

/** `acrux master-key remove-old`. */
export const removeOld = defineCommand<DataDirFlags>({
  about: `
The command invalidates all master keys except the configured master key. A server whose settings contain an invalidated
master key no longer starts.`,
  flags: dataDirFlags(),
  examples: ['acrux master-key remove-old --config /etc/acrux/acrux.yaml'],
  exitCodes: {
    0: 'success',
    2: 'wrong option or setting',
    12: 'the running server cannot be reached',
    13: 'the data directory cannot be used',
    14: 'a master key cannot be read, or does not belong to the database',
    18: 'the PostgreSQL server cannot be reached, or cannot be used',
  },
  run: async (place, { print }) => {
    const removed = await removeOldMasterKeys(await configurationOf(place))
    print(removed === 0 ? 'There are no earlier master keys.\n' : `Removed ${removed} earlier master key(s).\n`)
  },
})
