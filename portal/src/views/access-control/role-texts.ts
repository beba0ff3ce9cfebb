import type { RoleDefinition } from '../../api/types.ts'
import { rightsTexts } from '../../components/texts/rights.ts'

const texts = rightsTexts.roles

/** What a role permits, one text for each action. */
export function permissionTexts({ properties }: RoleDefinition): readonly string[] {
  return properties.permissions.flatMap(({ actions, dataActions, notActions, notDataActions }) => [
    ...actions,
    ...dataActions,
    ...[...notActions, ...notDataActions].map((each) => `${texts.except} ${each}`),
  ])
}

/** Whether the name or the description of a role contains a text. */
export function matchesRole({ properties }: RoleDefinition, filter: string): boolean {
  return `${properties.roleName} ${properties.description}`.toLowerCase().includes(filter.toLowerCase())
}

/** The actionLists of actions of a role. */
export const actionLists = ['actions', 'notActions', 'dataActions', 'notDataActions'] as const

type Entered = Readonly<Record<(typeof actionLists)[number], string>>

/** The permissions of a role as texts, one on each line. */
export function textsOf(role: RoleDefinition | undefined): Entered {
  const [block] = role?.properties.permissions ?? []
  const textOf = (list: keyof Entered) => (block?.[list] ?? []).join('\n')
  return {
    actions: textOf('actions'),
    notActions: textOf('notActions'),
    dataActions: textOf('dataActions'),
    notDataActions: textOf('notDataActions'),
  }
}

/** The actions that were entered. */
export function linesOf(text: string): string[] {
  return text.split(/\s+/).filter((line) => line !== '')
}
