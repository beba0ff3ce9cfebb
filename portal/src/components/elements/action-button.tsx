import { Button, type ButtonProps, Tooltip } from '@fluentui/react-components'
import type { ReactElement } from 'react'

type ActionButtonProps = Omit<ButtonProps, 'as' | 'icon'> & {
  readonly icon?: ReactElement | undefined
  /** Why the button cannot be used. It can still be reached with the keyboard, and then shows the reason. */
  readonly reason?: string | undefined
}

/** A button that says why it cannot be used. */
export function ActionButton({ reason, disabled, ...props }: ActionButtonProps) {
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
