import type { ReactNode } from 'react'
import { visibleName } from '../texts/visible-name.ts'

/** A name that others have given. Its characters do not change the order of the text beside it. Other content stays as it is. */
export function Name({ children }: { readonly children: ReactNode }) {
  return typeof children === 'string' ? <bdi>{visibleName(children)}</bdi> : children
}
