import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { Name } from '../../elements/name.tsx'
import { hueOf, initialsOf } from './initials.ts'

const useStyles = makeStyles({
  actor: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXS,
    minWidth: 0,
    maxWidth: '100%',
  },
  mark: {
    flexShrink: 0,
    width: '1.25rem',
    height: '1.25rem',
    lineHeight: '1.25rem',
    textAlign: 'center',
    borderRadius: tokens.borderRadiusMedium,
    color: '#ffffff',
    backgroundColor: '#8a3707',
    fontSize: '0.5625rem',
    fontWeight: tokens.fontWeightBold,
  },
  person: { borderRadius: tokens.borderRadiusCircular },
  blue: { backgroundColor: '#0f548c' },
  green: { backgroundColor: '#0b5a56' },
  violet: { backgroundColor: '#5c2e5a' },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
})

const hues = ['blue', 'green', 'violet'] as const

/** Who did something: the initials and the name. A person has a round mark, everything else a square one. */
export function ActorCell({ name, kind }: { readonly name: string; readonly kind: string }) {
  const styles = useStyles()
  const isPerson = kind === 'person'
  return (
    <span className={styles.actor}>
      <span
        aria-hidden
        className={mergeClasses(
          styles.mark,
          isPerson && styles.person,
          isPerson && styles[hues[hueOf(name, hues.length)] ?? 'blue'],
        )}
      >
        {initialsOf(name)}
      </span>
      <span className={styles.name}>
        <Name>{name}</Name>
      </span>
    </span>
  )
}
