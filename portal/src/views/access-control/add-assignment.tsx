import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Principal } from '../../api/principals.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { Steps } from '../../components/elements/steps.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { WithRegistry } from '../../components/registries/with-registry.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { type PlaceChoice, placeOf } from './plan-assignments.ts'
import { PrincipalPicker, usePrincipals } from './principal-picker.tsx'
import { ReviewStep } from './review-step.tsx'
import { RoleStep } from './role-step.tsx'
import { useRoles } from './use-access.ts'
import { WhereStep } from './where-step.tsx'

const texts = rightsTexts.add

/** Assigns a role, step by step. */
export function AddAssignment() {
  const { loginServer } = useAddressedRegistry()
  return (
    <Page title={rightsTexts.access.add}>
      <WithRegistry loginServer={loginServer}>{(registry) => <Wizard registry={registry} />}</WithRegistry>
    </Page>
  )
}

function Wizard({ registry }: { readonly registry: Registry }) {
  const roles = useRoles(registry.id)
  const { principal = '' } = useSearch({ from: '/shell/r/$registry/access/add' })
  const given = usePrincipals(principal)
  if (given.isLoading) return <Loaded query={given}>{() => null}</Loaded>
  return (
    <Loaded query={roles}>
      {(found) => <WizardSteps registry={registry} roles={found} given={given.data ?? []} />}
    </Loaded>
  )
}

type WizardStepsProps = {
  readonly registry: Registry
  readonly roles: readonly RoleDefinition[]
  /** Who is selected at first. */
  readonly given: readonly Principal[]
}

function WizardSteps({ registry, roles, given }: WizardStepsProps) {
  const navigate = useNavigate()
  const [roleName, setRoleName] = useState<string>()
  const [principals, setPrincipals] = useState(given)
  const [choice, setChoice] = useState<PlaceChoice>({ kind: 'all', patterns: '', condition: '' })
  const role = roles.find(({ name }) => name === roleName)
  const place = placeOf(choice)
  const leave = (search: { readonly done?: 'assigned' }) =>
    void navigate({ to: '/r/$registry/access', params: { registry: registry.name }, search })
  return (
    <Steps
      onLeave={() => leave({})}
      steps={[
        {
          title: texts.steps.role,
          isReady: role !== undefined,
          content: <RoleStep registry={registry} roles={roles} selected={roleName} onSelect={setRoleName} />,
        },
        {
          title: texts.steps.who,
          isReady: principals.length > 0,
          content: <PrincipalPicker selected={principals} onChange={setPrincipals} />,
        },
        {
          title: texts.steps.where,
          isReady: place !== undefined,
          content: role && <WhereStep registry={registry} role={role} choice={choice} onChange={setChoice} />,
        },
        {
          title: texts.steps.review,
          content: role && place && (
            <ReviewStep
              registry={registry}
              role={role}
              principals={principals}
              place={place}
              onDone={() => leave({ done: 'assigned' })}
            />
          ),
        },
      ]}
    />
  )
}
