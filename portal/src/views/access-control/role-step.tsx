import { grantForms } from '@acrux/shared/permissions/granted-action.ts'
import { Field, Radio, RadioGroup, SearchBox, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'
import { capabilitiesOf } from './describe.ts'

const texts = rightsTexts.add

const useStyles = makeStyles({
  step: { display: 'grid', rowGap: tokens.spacingVerticalM, maxWidth: '48rem' },
  list: { maxHeight: '26rem', overflowY: 'auto' },
  detail: { display: 'block', color: tokens.colorNeutralForeground2 },
})

type RoleStepProps = {
  readonly registry: Registry
  readonly roles: readonly RoleDefinition[]
  readonly selected: string | undefined
  readonly onSelect: (name: string) => void
}

/** Selects a role; those for images in the mode of the registry are first. */
export function RoleStep({ registry, roles, selected, onSelect }: RoleStepProps) {
  const styles = useStyles()
  const [filter, setFilter] = useState('')
  const mode = registry.properties.roleAssignmentMode
  const first = firstRoles(mode)
  const rank = ({ properties }: RoleDefinition) => {
    const at = first.indexOf(properties.roleName)
    return at === -1 ? first.length : at
  }
  const shown = roles
    .filter(({ properties }) => properties.roleName.toLowerCase().includes(filter.toLowerCase()))
    .toSorted((one, other) => rank(one) - rank(other))
  return (
    <div className={styles.step}>
      <Field label={words.filter} hint={texts.roleHint}>
        <SearchBox value={filter} onChange={(_event, { value }) => setFilter(value)} />
      </Field>
      {shown.length === 0 && <Text>{words.noMatch}</Text>}
      <Field label={texts.steps.role} className={styles.list}>
        <RadioGroup value={selected ?? ''} onChange={(_event, { value }) => onSelect(value)}>
          {shown.map((role) => (
            <Radio key={role.name} value={role.name} label={<RoleLabel role={role} registry={registry} />} />
          ))}
        </RadioGroup>
      </Field>
    </div>
  )
}

function RoleLabel({ role, registry }: { readonly role: RoleDefinition; readonly registry: Registry }) {
  const styles = useStyles()
  const capabilities = capabilitiesOf(role, registry.properties.roleAssignmentMode)
  return (
    <>
      {role.properties.roleName}
      <span className={styles.detail}>{role.properties.description}</span>
      <span className={styles.detail}>
        {texts.onImages} {capabilities.length === 0 ? texts.noEffect : capabilities.join(', ')}.
      </span>
    </>
  )
}

function firstRoles(mode: Registry['properties']['roleAssignmentMode']): readonly string[] {
  const forms = Object.values(grantForms)
  if (mode === 'AbacRepositoryPermissions') return forms.map(({ role }) => role.name)
  return forms.map(({ registryRoles }) => registryRoles[0] ?? '')
}
