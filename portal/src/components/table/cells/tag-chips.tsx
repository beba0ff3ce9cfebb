import { makeStyles, tokens } from '@fluentui/react-components'
import { Name } from '../../elements/name.tsx'

const useStyles = makeStyles({
  chip: {
    display: 'inline-block',
    maxWidth: '10rem',
    marginRight: tokens.spacingHorizontalXS,
    padding: `0 ${tokens.spacingHorizontalS}`,
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusCircular,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    lineHeight: '1.25rem',
    verticalAlign: 'middle',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
})

/** How many tags are shown. */
const maxShown = 2

/** The first tags of an image, and how many others it has. The tooltip has their names. */
export function TagChips({ tags, count = tags.length }: { readonly tags: readonly string[]; readonly count?: number }) {
  const styles = useStyles()
  const more = count - Math.min(tags.length, maxShown)
  return (
    <>
      {tags.slice(0, maxShown).map((tag) => (
        <span key={tag} className={styles.chip} title={tag}>
          <Name>{tag}</Name>
        </span>
      ))}
      {more > 0 && (
        <span className={styles.chip} title={tags.slice(maxShown).join(', ')}>
          +{more}
        </span>
      )}
    </>
  )
}
