import type { ModeChange, RightChange } from './mode-changes.ts'
import type { Registry } from '../../resources/index.ts'
import type { PageOfPrincipals } from './allowed-principals.ts'
import type { DecisionContext } from './context.ts'
import type { ModeChangeDocument, ModeChangeList, RightChangeDocument } from './model.ts'

/** One page of the principals that a switch of the mode changes, and the key after which the next page begins. */
export type ModeChangePage = { readonly document: ModeChangeList; readonly next: string | undefined }

/** Keys of pages begin with a slash. */
const keyPrefix = '/'

/**
 * The principals of the directory that gain or lose rights by a switch of the mode, considering only their own
 * assignments.
 */
export async function listModeChanges(
  { access, directory }: DecisionContext,
  registry: Registry,
  mode: Registry['roleAssignmentMode'],
  { after, size }: PageOfPrincipals,
): Promise<ModeChangePage> {
  const page = { after: after.slice(keyPrefix.length), size }
  const { changes, next, count, isCountComplete } = await access.listModeChanges(registry, mode, page)
  const value: ModeChangeDocument[] = []
  for (const change of changes) {
    const displayName = (await directory.findPrincipal(change.principalId))?.displayName ?? null
    value.push(changeDocument(change, displayName))
  }
  return {
    document: { roleAssignmentMode: mode, ...(after === '' && { count, isCountComplete }), value },
    next: next === undefined ? undefined : `${keyPrefix}${next}`,
  }
}

function changeDocument(
  { lost, gained, roleNames, ...who }: ModeChange,
  displayName: string | null,
): ModeChangeDocument {
  return {
    ...who,
    displayName,
    roleNames: [...roleNames],
    lost: lost.map(rightDocument),
    gained: gained.map(rightDocument),
  }
}

function rightDocument({ right, places, except }: RightChange): RightChangeDocument {
  return {
    action: right,
    repositories: [...places.patterns],
    except: [...except.patterns],
    byCondition: places.others || except.others,
  }
}
