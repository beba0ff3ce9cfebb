import { useEffect, useState } from 'react'

/** While the component is shown, the focus is in it; afterwards, where it was before, if that is still there. */
export function useReturnOfFocus(): void {
  // At the first rendering, before a dialog moves the focus into itself.
  const [opener] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      setTimeout(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
      })
    },
    [opener],
  )
}
