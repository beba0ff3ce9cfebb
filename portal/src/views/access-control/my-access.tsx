import { capabilityLoss } from '@acrux/shared/permissions/mode-changes.ts'
import { Text } from '@fluentui/react-components'
import { type UsableRegistry, useAbilities } from '../../api/abilities.ts'
import { listPermissions } from '../../api/access.ts'
import { useRead } from '../../api/queries.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts } from '../../components/texts/texts.ts'
import { lossTexts } from './describe.ts'

const view = rightsTexts.myAccess

/** What the person may do with images, in each registry on which the person has a role. */
export function MyAccess() {
  const abilities = useAbilities(undefined)
  return (
    <Page title={texts.navigationView.rows.myAccess}>
      <Loaded query={abilities}>
        {({ registries }) => (
          <>
            {registries.usable.length === 0 && <Text>{view.none}</Text>}
            {registries.usable.map((registry) => (
              <Section key={registry.id} title={registry.name}>
                <OwnPermissions registry={registry} />
              </Section>
            ))}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function OwnPermissions({ registry: { id, name, roleAssignmentMode } }: { readonly registry: UsableRegistry }) {
  const query = useRead(['permissions', id], (signal) => listPermissions(id, signal), { staleTime: 60_000 })
  return (
    <Loaded query={query}>
      {(permissions) => {
        const held = permissions.map((each) => ({ condition: each.condition, permissions: [each] }))
        const lines = lossTexts(capabilityLoss(held, [], roleAssignmentMode))
        return (
          <>
            {lines.length === 0 && <Text>{view.noImages}</Text>}
            {lines.map((line) => (
              <Text key={line}>{line}</Text>
            ))}
            <div>
              <AppLink to="/r/$registry/repositories" params={{ registry: name }}>
                {texts.repositories}
              </AppLink>
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
