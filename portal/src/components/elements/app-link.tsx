import { Link } from '@fluentui/react-components'
import { createLink } from '@tanstack/react-router'

/** A link to a view, in the look of the other components. */
export const AppLink = createLink(Link)
