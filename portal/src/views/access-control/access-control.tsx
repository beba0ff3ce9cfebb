import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Registry } from '../../api/registry-document.ts'
import { useActions } from '../../components/elements/page-actions.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { RegistryTabs } from '../../components/registries/registry-tabs.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import type { AccessSearch, AccessTab } from './access-search.ts'
import { Assignments } from './assignments.tsx'
import { CheckAccess } from './check-access.tsx'
import { ModeSwitch } from './mode-switch.tsx'
import { Roles } from './roles.tsx'
import { WhoCan } from './who-can.tsx'

const route = '/shell/r/$registry/access'
const texts = rightsTexts.access

/** Who may do what at a registry. */
export function AccessControl() {
  const { name, loginServer } = useAddressedRegistry()
  const search = useSearch({ from: route })
  const { tab = 'assignments' } = search
  const go = useGo(name)
  const navigate = useNavigate()
  useActions([
    { label: texts.add, act: () => void navigate({ to: '/r/$registry/access/add', params: { registry: name } }) },
  ])
  return (
    <RegistryTabs
      title={rightsTexts.accessControl}
      loginServer={loginServer}
      label={texts.sections}
      tabs={texts.tabs}
      selected={tab}
      onSelect={(next) => go(next === 'assignments' ? {} : { tab: next })}
    >
      {(registry) => <Part tab={tab} registry={registry} search={search} go={go} />}
    </RegistryTabs>
  )
}

type PartProps = {
  readonly tab: AccessTab
  readonly registry: Registry
  readonly search: AccessSearch
  readonly go: (search: AccessSearch, replace?: boolean) => void
}

function Part({ tab, registry, search, go }: PartProps) {
  switch (tab) {
    case 'assignments':
      return <Assignments registry={registry} search={search} go={go} />
    case 'check':
      return <CheckAccess registry={registry} search={search} go={go} />
    case 'who':
      return <WhoCan registry={registry} search={search} go={go} />
    case 'roles':
      return <Roles registry={registry} search={search} go={go} />
    case 'mode':
      return <ModeSwitch registry={registry} />
  }
}

/** Goes to another part or question of this view. */
function useGo(registry: string) {
  const navigate = useNavigate()
  return (search: AccessSearch, replace = false) =>
    void navigate({ to: '/r/$registry/access', params: { registry }, search, replace })
}
