"""What customers see and say by themselves: boards, votes, the public roadmap and the changelog."""
