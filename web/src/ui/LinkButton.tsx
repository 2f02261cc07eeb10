/** A link that looks like a button; where it leads is checked like every link. */

import { Button } from '@mantine/core';
import { createLink } from '@tanstack/react-router';

export const LinkButton = createLink(Button<'a'>);
