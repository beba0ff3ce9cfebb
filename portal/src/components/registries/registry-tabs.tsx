import type { ComponentProps, ReactNode } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import { Page } from '../elements/page.tsx'
import { Tabs } from '../elements/tabs.tsx'
import { WithRegistry } from './with-registry.tsx'

type RegistryTabsProps<Name extends string> = ComponentProps<typeof Tabs<Name>> & {
  readonly title: string
  readonly loginServer: string
  readonly children: (registry: Registry) => ReactNode
}

/** A view of a registry whose parts are tabs. */
export function RegistryTabs<Name extends string>(props: RegistryTabsProps<Name>) {
  const { title, loginServer, children, ...tabsOfView } = props
  return (
    <Page title={title}>
      <Tabs {...tabsOfView} />
      <WithRegistry loginServer={loginServer}>{children}</WithRegistry>
    </Page>
  )
}
