import { Badge, type BadgeProps, makeStyles } from '@fluentui/react-components'
import { identitiesTexts } from '../texts/identities.ts'

const useStyles = makeStyles({ badge: { whiteSpace: 'nowrap' } })

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
