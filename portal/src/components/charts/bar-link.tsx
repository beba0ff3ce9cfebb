import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes } from 'react'

/** A bar that opens the list of what it counts. It is also a link within SVG. */
export const BarLink = createLink(Anchor)

function Anchor(link: AnchorHTMLAttributes<HTMLAnchorElement>) {
  return <a {...link} />
}
