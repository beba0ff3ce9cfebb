import { Tab, TabList, makeStyles } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { Registry } from '../../api/types.ts'
import { Page } from '../../shell/page.tsx'
import { rightsTexts } from '../../texts/rights.ts'
import { WithRegistry } from '../registry/with-registry.tsx'
import { Anonymous } from './anonymous.tsx'
import { ScopeMaps } from './scope-maps.tsx'
import { TokenList } from './token-list.tsx'
import { type TokenSearch, type TokenTab, tokenTabs } from './token-search.ts'

const route = '/shell/registries/$registry/tokens'
const texts = rightsTexts.token

const useStyles = makeStyles({ tabs: { flexWrap: 'wrap' } })

/** The scoped tokens and scope maps of a registry, and anonymous access. */
export function Tokens() {
  const styles = useStyles()
  const { registry: loginServer } = useParams({ from: route })
  const search = useSearch({ from: route })
  const navigate = useNavigate()
  const { tab = 'tokens' } = search
  const go = (next: TokenSearch, replace = false) =>
    void navigate({ to: '/registries/$registry/tokens', params: { registry: loginServer }, search: next, replace })
  return (
    <Page title={rightsTexts.tokens}>
      <TabList
        aria-label={texts.sections}
        className={styles.tabs}
        selectedValue={tab}
        onTabSelect={(_event, { value }) => go(value === 'tokens' ? {} : { tab: value as TokenTab })}
      >
        {tokenTabs.map((each) => (
          <Tab key={each} value={each}>
            {texts.tabs[each]}
          </Tab>
        ))}
      </TabList>
      <WithRegistry loginServer={loginServer}>
        {(registry) => <Part tab={tab} registry={registry} search={search} go={go} />}
      </WithRegistry>
    </Page>
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
