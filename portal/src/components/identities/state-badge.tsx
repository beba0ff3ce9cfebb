import { Badge, type BadgeProps, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { identitiesTexts } from '../texts/identities.ts'

const useStyles = makeStyles({
  badge: { whiteSpace: 'nowrap' },
  // The colors of Fluent UI have too little contrast on a row under the pointer.
  severe: { color: tokens.colorPaletteDarkOrangeForeground1 },
  danger: { color: tokens.colorPaletteRedForeground1 },
})

type StateBadgeProps = { readonly text: string; readonly color: NonNullable<BadgeProps['color']> }

/** A state in a word or two. */
export function StateBadge({ text, color }: StateBadgeProps) {
  const styles = useStyles()
  return (
    <Badge
      className={mergeClasses(styles.badge, color === 'severe' && styles.severe, color === 'danger' && styles.danger)}
      appearance="outline"
      color={color}
    >
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
