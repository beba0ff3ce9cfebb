import { isObjectId } from '../../api/principals.ts'
import { rightsTexts } from '../../components/texts/rights.ts'

const accessTabs = ['assignments', 'check', 'who', 'roles', 'mode'] as const

export type AccessTab = (typeof accessTabs)[number]

/** The values in the address of access control. */
export type AccessSearch = {
  readonly tab?: AccessTab
  readonly filter?: string
  /** The name of a role, a GUID. */
  readonly role?: string
  /** The question: a principal as `accessExplanation` names it, an action, and a repository. */
  readonly principal?: string
  readonly action?: string
  readonly repository?: string
  /** What was done just before. */
  readonly done?: 'assigned'
}

/** The actions of questions about access. */
export const questionActions = Object.keys(
  rightsTexts.check.actions,
) as readonly (keyof typeof rightsTexts.check.actions)[]

/** Whether an action is one of the registry, and not of a repository. */
export const isOfRegistry = (action: string): boolean => action === 'catalog' || action === 'deleted_catalog'

/** Whether a text names a principal as `accessExplanation` does. */
export const isPrincipal = (text: string): boolean => isObjectId(text) || /^(?:anonymous|admin|token:.+)$/i.test(text)

/** Reads the search of an address. */
export function parseAccessSearch(search: Record<string, unknown>): AccessSearch {
  const text = (name: string): string | undefined => {
    const value = search[name]
    return typeof value === 'string' && value !== '' && value.length <= 256 ? value : undefined
  }
  const tab = accessTabs.find((each) => each === search['tab'])
  const action = questionActions.find((each) => each === search['action'])
  const filter = text('filter')
  const role = text('role')
  const principal = text('principal')
  const repository = text('repository')
  return {
    ...(tab !== undefined && { tab }),
    ...(filter !== undefined && { filter }),
    ...(role !== undefined && isObjectId(role) && { role }),
    ...(principal !== undefined && isPrincipal(principal) && { principal }),
    ...(action !== undefined && { action }),
    ...(repository !== undefined && { repository }),
    ...(search['done'] === 'assigned' && { done: 'assigned' }),
  }
}

/** Reads the principal to whom a role is to be assigned, by its object id. */
export function parsePrincipal({ principal }: Record<string, unknown>): { readonly principal?: string } {
  return typeof principal === 'string' && isObjectId(principal) ? { principal } : {}
}
