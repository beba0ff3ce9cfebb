import { Badge, type BadgeProps, Tab, TabList, makeStyles } from '@fluentui/react-components'
import { identitiesTexts } from '../texts/identities.ts'

const useStyles = makeStyles({ list: { flexWrap: 'wrap' }, badge: { whiteSpace: 'nowrap' } })

type PartsProps<Name extends string> = {
  readonly parts: Readonly<Record<Name, string>>
  readonly selected: Name
  readonly onSelect: (name: Name) => void
}

/** The parts of a view, of which one is shown. The address contains which. */
export function Parts<Name extends string>({ parts, selected, onSelect }: PartsProps<Name>) {
  const styles = useStyles()
  const names = Object.keys(parts) as Name[]
  return (
    <TabList
      className={styles.list}
      aria-label={identitiesTexts.views}
      selectedValue={selected}
      onTabSelect={(_event, { value }) => onSelect(value as Name)}
    >
      {names.map((name) => (
        <Tab key={name} value={name}>
          {parts[name]}
        </Tab>
      ))}
    </TabList>
  )
}

type StateBadgeProps = { readonly text: string; readonly color: NonNullable<BadgeProps['color']> }

/** A state in a word or two. */
export function StateBadge({ text, color }: StateBadgeProps) {
  const styles = useStyles()
  return (
    <Badge className={styles.badge} appearance="outline" color={color}>
      {text}
    </Badge>
  )
}

/** Whether a principal can sign in. */
export function EnabledBadge({ isEnabled }: { readonly isEnabled: boolean }) {
  return isEnabled ? (
    <StateBadge text={identitiesTexts.enabled} color="success" />
  ) : (
    <StateBadge text={identitiesTexts.disabled} color="danger" />
  )
}
