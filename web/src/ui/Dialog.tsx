/**
 * A dialog that takes the focus and gives it back; its head is no landmark of the page.
 *
 * The page behind is kept from scrolling by a style sheet: the library's own way writes a style element without a nonce.
 */

import { Modal, type ModalRootProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { useI18n } from '../lib/i18n';

interface DialogProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  size?: ModalRootProps['size'];
  /** Covers everything and cannot be closed. */
  locked?: boolean;
}

export function Dialog({ title, onClose, children, size = 'md', locked = false }: DialogProps) {
  const { t } = useI18n();
  return (
    <Modal.Root opened onClose={onClose} size={size} fullScreen={locked} yOffset="8vh" closeOnEscape={!locked} closeOnClickOutside={!locked} transitionProps={{ duration: 0 }} lockScroll={false}>
      <Modal.Overlay backgroundOpacity={0.55} />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          {!locked && <Modal.CloseButton aria-label={t('close')} />}
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
