import { Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { imagesTexts } from '../texts/images.ts'

/** The way from a view to what contains the thing that it shows. */
export function ParentLink({ children }: { readonly children: ReactNode }) {
  return (
    <nav aria-label={imagesTexts.parent}>
      <Text>{imagesTexts.parent}: </Text>
      {children}
    </nav>
  )
}
