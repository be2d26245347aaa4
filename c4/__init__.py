"""The picture of the system: LikeC4 sources come in, a page on port 5173 goes out. The decisions are beside it, in decisions/."""
