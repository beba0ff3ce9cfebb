import { Link, type LinkProps } from '@fluentui/react-components'
import { createLink } from '@tanstack/react-router'
import { Name } from './name.tsx'

/** A link to a view, in the look of the other components. */
export const AppLink = createLink(NamedLink)

function NamedLink({ children, ...link }: LinkProps) {
  return (
    <Link {...link}>
      <Name>{children}</Name>
    </Link>
  )
}
