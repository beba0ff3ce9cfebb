import { Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { imagesTexts } from '../texts/images.ts'

/** A link from a view to the parent of the object that it shows. */
export function ParentLink({ children }: { readonly children: ReactNode }) {
  return (
    <nav aria-label={imagesTexts.parent}>
      <Text>{imagesTexts.parent}: </Text>
      {children}
    </nav>
  )
}
