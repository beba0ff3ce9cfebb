import { defineCommand } from '../../../framework/command/command.ts'
import { type OwningRegistryFlags, ownRegistryFlags } from '../../../clients/arm/named-registry.ts'
import { type Import, isRunning, listImports } from './shared.ts'

type Flags = OwningRegistryFlags & { readonly all?: true }

/** `acrux acr imports list`. az does not have it. */
export const command = defineCommand<Flags>({
  about: `
The newest import is the first. You see the imports that you requested, and all imports if you have
Acrux.Server/imports/read on the registry.`,
  flags: [
    ...ownRegistryFlags,
    { flags: '--all', description: 'include the imports that ended within the last seven days' },
  ],
  examples: [
    'acrux acr imports list -r contoso -o table',
    'acrux acr imports list -r contoso --all --query "[?state==\'failed\']"',
  ],
  prints: 'result',
  table: (imports: readonly Import[]) =>
    imports.map(({ id, state, source, targets, requestedBy, startedAt, message }) => ({
      ID: id,
      STATE: state,
      SOURCE: source,
      TARGETS: targets.join(' '),
      'REQUESTED BY': requestedBy,
      STARTED: startedAt,
      MESSAGE: message ?? '',
    })),
  run: async ({ all, ...registry }, context) => {
    const { imports } = await listImports(context, registry)
    return all === true ? imports : imports.filter(isRunning)
  },
})
