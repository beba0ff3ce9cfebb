import { Tab, TabList, makeStyles } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import { Page } from '../elements/page.tsx'
import { WithRegistry } from './with-registry.tsx'

const useStyles = makeStyles({ tabs: { flexWrap: 'wrap' } })

type RegistryTabsProps<Name extends string> = {
  readonly title: string
  readonly loginServer: string
  /** The name of the list of tabs, for screen readers. */
  readonly label: string
  /** The tabs in their order, and their texts. */
  readonly tabs: Readonly<Record<Name, string>>
  readonly selected: Name
  readonly onSelect: (name: Name) => void
  readonly children: (registry: Registry) => ReactNode
}

/** A view of a registry whose parts are tabs. */
export function RegistryTabs<Name extends string>(props: RegistryTabsProps<Name>) {
  const { title, loginServer, label, tabs, selected, onSelect, children } = props
  const styles = useStyles()
  return (
    <Page title={title}>
      <TabList
        aria-label={label}
        className={styles.tabs}
        selectedValue={selected}
        onTabSelect={(_event, { value }) => onSelect(value as Name)}
      >
        {Object.entries<string>(tabs).map(([name, text]) => (
          <Tab key={name} value={name}>
            {text}
          </Tab>
        ))}
      </TabList>
      <WithRegistry loginServer={loginServer}>{children}</WithRegistry>
    </Page>
  )
}
