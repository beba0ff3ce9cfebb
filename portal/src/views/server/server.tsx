import { Text } from '@fluentui/react-components'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { serverTexts } from '../../components/texts/server.ts'
import { useLogPlace } from '../events/use-log-place.ts'
import { Certificates } from './certificates.tsx'
import { Maintenance } from './maintenance.tsx'
import { Overview } from './overview.tsx'
import type { ServerPart } from './server-search.ts'
import { Settings } from './settings.tsx'

const route = '/shell/server'

/** The state of the server, for its owners. */
export function Server() {
  const place = useLogPlace(undefined)
  const navigate = useNavigate()
  const { part = 'overview' } = useSearch({ from: route })
  const select = (name: ServerPart) =>
    void navigate({ to: '/server', search: name === 'overview' ? {} : { part: name } })
  return (
    <Page title={serverTexts.title}>
      <Loaded query={place}>
        {(found) =>
          found === null ? (
            <Hidden />
          ) : (
            <>
              <Tabs tabs={serverTexts.parts} selected={part} onSelect={select} />
              <Part part={part} subscription={found.id} />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function Part({ part, subscription }: { readonly part: ServerPart; readonly subscription: string }) {
  switch (part) {
    case 'overview':
      return <Overview subscription={subscription} hidden={<Hidden />} />
    case 'certificates':
      return <Certificates subscription={subscription} hidden={<Hidden />} />
    case 'maintenance':
      return <Maintenance subscription={subscription} hidden={<Hidden />} />
    case 'configuration':
      return <Settings subscription={subscription} />
  }
}

function Hidden() {
  return (
    <Text>
      {serverTexts.hidden} {serverTexts.hiddenNext}
    </Text>
  )
}
