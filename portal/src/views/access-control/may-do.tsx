import { type RoleAssignmentMode } from '@acrux/shared/permissions/mode-changes.ts'
import type { ConditionPlaces } from '@acrux/shared/standards/conditions/role-condition-places.ts'
import { Fragment } from 'react'
import { rightsTexts } from '../../components/texts/rights.ts'
import { imageActions, managedBy, permittedParts } from './permitted.ts'
import { type NamedAssignment, heldRole } from './use-access.ts'

const texts = rightsTexts.access

type MayDoProps = { readonly assignment: NamedAssignment; readonly mode: RoleAssignmentMode }

/** What an assignment permits, in words: the actions, and the repositories of every alternative of its condition. */
export function MayDo({ assignment, mode }: MayDoProps) {
  const role = heldRole(assignment)
  const parts = permittedParts(role, mode)
  if (parts.length === 0) return texts.manages[managedBy(role)]
  return parts.map(({ actions, places }, index) => (
    <Fragment key={actions.join(' ')}>
      {index > 0 && ' · '}
      <Part
        actions={capital(actions.length === imageActions.length ? texts.everything : namesOf(actions), index)}
        places={places}
      />
    </Fragment>
  ))
}

type PartProps = { readonly actions: string; readonly places: ConditionPlaces }

/** A condition that names no repositories is not described further. */
function Part({ actions, places: { patterns, others } }: PartProps) {
  if (patterns.includes('*')) return `${actions} ${texts.inAll}`
  const names = [...patterns, ...(others ? [texts.byCondition] : [])]
  return (
    <>
      {actions}
      {patterns.length === 0 && ':'}{' '}
      {names.map((name, index) => (
        <Fragment key={name}>
          {index > 0 && ', '}
          <strong>{name}</strong>
        </Fragment>
      ))}
    </>
  )
}

const namesOf = (actions: readonly (typeof imageActions)[number][]) =>
  actions.map((action) => texts.imageActions[action]).join(', ')

/** The first part begins with a capital letter. */
const capital = (text: string, index: number) =>
  index === 0 ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text
