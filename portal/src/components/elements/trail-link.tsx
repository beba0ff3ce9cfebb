import { Link, type LinkProps, makeStyles, tokens } from '@fluentui/react-components'
import { createLink } from '@tanstack/react-router'
import { Name } from './name.tsx'

const useStyles = makeStyles({
  link: { fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
})

/** A link in the path to a view. */
export const TrailLink = createLink(SmallLink)

function SmallLink({ children, ...link }: LinkProps) {
  const styles = useStyles()
  return (
    <Link {...link} className={styles.link}>
      <Name>{children}</Name>
    </Link>
  )
}
