/** One accent for action; red is for critical and destructive only. Both schemes meet WCAG AA (checked by axe). */

import { Button, type CSSVariablesResolver, NativeSelect, TextInput, Textarea, createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 8, dark: 7 },
  colors: {
    accent: ['#e6f2f8', '#cfe4ef', '#a4cbdf', '#74b0ce', '#4e99bf', '#3689b3', '#26789f', '#1c6a8f', '#0b5a7d', '#064a68'],
    dark: ['#e6edf3', '#c3cfd9', '#aab8c5', '#8494a2', '#67798a', '#3f505e', '#22303b', '#1b2630', '#16202a', '#10171d'],
    red: ['#fdeceb', '#f9d5d3', '#f2aaa6', '#ea7d77', '#e3554e', '#d33a32', '#c02b24', '#b3241d', '#a8201a', '#8c1712'],
  },
  fontFamily: 'system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm', inputWrapperOrder: ['label', 'input', 'description', 'error'] } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'sm', inputWrapperOrder: ['label', 'input', 'description', 'error'] } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'sm' } }),
  },
});

/** Mantine's stock dimmed, placeholder and error texts are too faint for AA. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f3f5f8',
    '--mantine-color-text': '#14202b',
    '--mantine-color-dimmed': '#4a5866',
    '--mantine-color-placeholder': '#5c6976',
    '--mantine-color-error': '#a8201a',
    '--mantine-color-default-border': '#8292a1',
  },
  dark: {
    '--mantine-color-body': '#10171d',
    '--mantine-color-text': '#e6edf3',
    '--mantine-color-dimmed': '#aab8c5',
    '--mantine-color-placeholder': '#95a4b2',
    '--mantine-color-error': '#ff9d96',
    '--mantine-color-default': '#1d2832',
    '--mantine-color-default-border': '#67798a',
  },
});
