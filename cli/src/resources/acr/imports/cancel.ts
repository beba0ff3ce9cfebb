import { yesFlag } from '../../../framework/options/flags.ts'
import { azExitCodes, defineCommand } from '../../../framework/command/command.ts'
import { CommandFailure, WrongUsageError } from '../../../framework/command/failure.ts'
import {
  type NamedRegistry,
  type OwningRegistryFlags,
  askRegistry,
  ownRegistryFlags,
} from '../../../clients/arm/named-registry.ts'
import { type Import, importsPath, isRunning, listImports } from './shared.ts'

type Flags = OwningRegistryFlags & {
  readonly id?: readonly string[]
  readonly all?: true
  readonly yes?: true
}

/** `acrux acr imports cancel`. az does not have it. */
export const command = defineCommand<Flags>({
  about: `
A cancelled import sets no tag. Garbage collection deletes what it has fetched. You can cancel the imports that you
requested, and all imports if you also have Acrux.Server/imports/delete on the registry.

On a terminal, the command asks before it cancels. Elsewhere, it needs --yes.`,
  flags: [
    ...ownRegistryFlags,
    { flags: '--id <id>', description: 'the id of an import. Can be repeated', repeated: true },
    { flags: '--all', description: 'cancel all running imports that you can see' },
    yesFlag,
  ],
  examples: [
    'acrux acr imports cancel -r contoso --id 3b1f0c7e-9a4d-4f0e-8d51-6c2b7a90e412',
    'acrux acr imports cancel -r contoso --all --yes',
  ],
  exitCodes: azExitCodes,
  prints: 'result',
  text: (cancelled: readonly Import[]) =>
    [
      ...cancelled.map(({ id, source, targets }) => `cancelled ${id}  ${source}  ${targets.join(' ')}`),
      `cancelled ${cancelled.length} imports`,
    ].join('\n'),
  run: async ({ id, all, yes, ...registry }, context) => {
    if ((id === undefined) === (all === undefined)) throw new WrongUsageError('either --id or --all is needed')
    const { named, imports } = await listImports(context, registry)
    const running = imports.filter(isRunning)
    const selected = id === undefined ? running : id.map((each) => requireImport(running, each, named))
    const question = `Are you sure you want to cancel ${selected.length} imports into ${named.name}?`
    if (selected.length > 0) await context.confirm(question, yes)
    for (const each of selected) await askRegistry(named, 'DELETE', { path: `${importsPath}/${each.id}` })
    return selected
  },
})

function requireImport(running: readonly Import[], id: string, { name }: NamedRegistry): Import {
  const found = running.find((each) => each.id === id.toLowerCase())
  if (found !== undefined) return found
  throw new CommandFailure(
    `the registry ${name} has no running import ${id}`,
    3,
    `list them: acrux acr imports list -r ${name}`,
  )
}
