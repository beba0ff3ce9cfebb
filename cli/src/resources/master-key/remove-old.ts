import { removeOldMasterKeys } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir-flags.ts'

/** `acrux master-key remove-old`. */
export const command = defineCommand<DataDirFlags>({
  about: `
Removes what other master keys than the configured one encrypted: from then on, only the configured master key opens the database. A server whose
setting masterKey names another one does not start any more.`,
  flags: dataDirFlags(),
  examples: ['acrux master-key remove-old --config /etc/acrux/acrux.yaml'],
  exitCodes: {
    0: 'success',
    2: 'wrong option or setting',
    12: 'the running server cannot be reached',
    13: 'the data directory cannot be used',
    14: 'a master key cannot be read, or is not that of the database',
    18: 'the PostgreSQL server cannot be reached, or cannot be used',
  },
  prints: 'itself',
  run: async (place, { print }) => {
    const removed = await removeOldMasterKeys(await configurationOf(place))
    print(removed === 0 ? 'There are no earlier master keys.\n' : `Removed ${removed} earlier master key(s).\n`)
  },
})
