import { Tab, TabList, type TabListProps, makeStyles } from '@fluentui/react-components'
import { identitiesTexts } from '../texts/identities.ts'

const useStyles = makeStyles({ list: { flexWrap: 'wrap' } })

type TabsProps<Name extends string> = {
  /** The name of the list of tabs, for screen readers. */
  readonly label?: string
  /** The tabs in their order, and their texts. */
  readonly tabs: Readonly<Record<Name, string>>
  readonly selected: Name
  readonly onSelect: (name: Name) => void
} & Pick<TabListProps, 'size'>

/** The parts of a view, of which one is shown. */
export function Tabs<Name extends string>({
  label = identitiesTexts.views,
  tabs,
  selected,
  onSelect,
  ...size
}: TabsProps<Name>) {
  const styles = useStyles()
  return (
    <TabList
      {...size}
      aria-label={label}
      className={styles.list}
      selectedValue={selected}
      onTabSelect={(_event, { value }) => onSelect(value as Name)}
    >
      {Object.entries<string>(tabs).map(([name, text]) => (
        <Tab key={name} value={name}>
          {text}
        </Tab>
      ))}
    </TabList>
  )
}
