import { useEffect, useState } from 'react'

/**
 * The element that had the focus before a dialog opened. A dialog that another dialog opens uses the same element.
 *
 */
let opener: Element | null = null

/** While the component is shown, the focus is in it; afterwards, where it was before, if that is still there. */
export function useReturnOfFocus(): void {
  // At the first rendering, before a dialog moves the focus into itself.
  const [before] = useState(() => {
    const { activeElement } = document
    const isInDialog = (activeElement?.closest('[role="dialog"]') ?? null) !== null
    if (!isInDialog) opener = activeElement
    return opener
  })
  useEffect(
    () => () => {
      setTimeout(() => {
        // The focus must not leave a dialog that follows.
        const isFollowed = document.querySelector('[role="dialog"]') !== null
        if (!isFollowed && before instanceof HTMLElement && before.isConnected) before.focus()
      })
    },
    [before],
  )
}
