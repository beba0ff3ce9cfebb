import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Registry } from '../../api/registry-document.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { RegistryTabs } from '../../components/registries/registry-tabs.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { Anonymous } from './anonymous.tsx'
import { ScopeMaps } from './scope-maps.tsx'
import { TokenList } from './token-list.tsx'
import type { TokenSearch, TokenTab } from './token-search.ts'

const route = '/shell/r/$registry/tokens'
const texts = rightsTexts.token

/** The scoped tokens and scope maps of a registry, and anonymous access. */
export function Tokens() {
  const { name, loginServer } = useAddressedRegistry()
  const search = useSearch({ from: route })
  const navigate = useNavigate()
  const { tab = 'tokens' } = search
  const go = (next: TokenSearch, replace = false) =>
    void navigate({ to: '/r/$registry/tokens', params: { registry: name }, search: next, replace })
  return (
    <RegistryTabs<TokenTab | 'admin'>
      title={rightsTexts.credentials}
      loginServer={loginServer}
      label={texts.sections}
      tabs={texts.tabs}
      selected={tab}
      onSelect={(next) => {
        if (next === 'admin') void navigate({ to: '/r/$registry/keys', params: { registry: name } })
        else go(next === 'tokens' ? {} : { tab: next })
      }}
    >
      {(registry) => <Part tab={tab} registry={registry} search={search} go={go} />}
    </RegistryTabs>
  )
}

type PartProps = {
  readonly tab: TokenTab
  readonly registry: Registry
  readonly search: TokenSearch
  readonly go: (search: TokenSearch, replace?: boolean) => void
}

function Part({ tab, registry, search, go }: PartProps) {
  switch (tab) {
    case 'tokens':
      return <TokenList registry={registry} search={search} go={go} />
    case 'maps':
      return <ScopeMaps registry={registry} search={search} go={go} />
    case 'anonymous':
      return <Anonymous registry={registry} />
  }
}
