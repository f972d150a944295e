"""The portal of one's own: pages by which the platform is looked at, and changes to it are asked for."""
