"""Proximal policy optimisation for sequence-to-sequence models.

To be held beside three papers: Schulman et al. 2017 (the clipped surrogate), Ziegler et al. 2019
(a language model as the policy, KL to a reference with an adaptive coefficient) and Stiennon et
al. 2020 (summarization from human feedback). The symbols:

    x        prompt, read by the encoder
    y        response, y_1 … y_T; T is the position of the end mark, or the last token allowed
    s_t, a_t state (x, y_<t) and action y_t
    π        policy: the model with its adapter
    ρ        reference: the same model with the adapter off
    V        value head on the decoder's states
    R(x, y)  the reward of a whole response
    β        coefficient of the KL penalty
"""
