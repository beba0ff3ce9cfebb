import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { oneOf, searchOf, tableValues, textThat } from '../../components/elements/search-params.ts'
import { rightsTexts } from '../../components/texts/rights.ts'

const accessTabs = ['assignments', 'check', 'who', 'roles', 'mode'] as const
export type AccessTab = (typeof accessTabs)[number]

/** The actions of questions about access. */
export const questionActions = Object.keys(
  rightsTexts.check.actions,
) as readonly (keyof typeof rightsTexts.check.actions)[]

/** Whether an action is one of the registry, and not of a repository. */
export const isOfRegistry = (action: string): boolean => action === 'catalog' || action === 'deleted_catalog'

/** Whether a text names a principal as `accessExplanation` does. */
export const isPrincipal = (text: string): boolean => isGuid(text) || /^(?:anonymous|admin|token:.+)$/i.test(text)

const shortText = textThat((text) => text.length <= 256)

/** Reads the address of access control. */
export const parseAccessSearch = searchOf({
  tab: oneOf(...accessTabs),
  filter: shortText,
  /** The name of a role, a GUID. */
  role: textThat(isGuid),
  /** The question: a principal as `accessExplanation` names it, an action, and a repository. */
  principal: textThat((text) => text.length <= 256 && isPrincipal(text)),
  action: textThat((text) => questionActions.some((action) => action === text)),
  repository: shortText,
  /** What was done just before. */
  done: oneOf('assigned'),
  ...tableValues('who', 'role'),
})

/** The values in the address of access control. */
export type AccessSearch = ReturnType<typeof parseAccessSearch>

/** Reads the principal to whom a role is to be assigned, by its object id. */
export const parsePrincipal = searchOf({ principal: textThat(isGuid) })
