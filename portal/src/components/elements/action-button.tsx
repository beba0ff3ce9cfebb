import { Button, type ButtonProps, Tooltip } from '@fluentui/react-components'
import type { ReactElement } from 'react'
import { useLostSince } from '../../api/connection.ts'
import { texts } from '../texts/texts.ts'

type ActionButtonProps = Omit<ButtonProps, 'as' | 'icon'> & {
  readonly icon?: ReactElement | undefined
  /** Why the button cannot be used. It can still be reached with the keyboard, and then shows the reason. */
  readonly reason?: string | undefined
}

/** A button for changes, which says why it cannot be used. */
export function ActionButton({ reason: ownReason, disabled, ...props }: ActionButtonProps) {
  const offReason = useOffReason()
  const reason = ownReason ?? offReason
  const button = (
    <Button {...(props as ButtonProps)} disabled={disabled ?? false} disabledFocusable={reason !== undefined} />
  )
  if (reason === undefined) return button
  return (
    <Tooltip content={reason} relationship="description">
      {button}
    </Tooltip>
  )
}

/** Why nothing can be changed now. Undefined while the server answers. */
export function useOffReason(): string | undefined {
  return useLostSince() && texts.connection.changesOff
}
